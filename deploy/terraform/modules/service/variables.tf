variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "image" {
  type = string
}

variable "account" {
  description = "The service account that it runs as."
  type        = string
}

variable "size" {
  type = object({ min = number, max = number, threads = number, cpu = string, memory = string })
}

variable "environment" {
  type = map(string)
}

variable "secrets" {
  description = "Secret and its version, by the environment variable that it is read from."
  type        = map(object({ secret = string, version = string }))
  default     = {}
}

variable "database" {
  description = "Connection name of a Cloud SQL instance whose socket it sees below /cloudsql."
  type        = string
  default     = null
}

variable "health" {
  description = "Path of the probes."
  type        = string
}

variable "reach" {
  type = string

  validation {
    condition     = contains(["people", "internal", "accounts"], var.reach)
    error_message = "One of people, internal, accounts."
  }
}

variable "audience" {
  description = "An audience that Cloud Run takes in tokens beside the service's URL."
  type        = string
  default     = null
}

variable "invokers" {
  description = "IAM members that may call it."
  type        = map(string)
}

variable "people" {
  description = "IAM members that IAP lets through."
  type        = set(string)
  default     = []
}

variable "deletion_protection" {
  type = bool
}
