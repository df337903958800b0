variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "pipeline_outputs_days" {
  type = number
}

variable "deletion_protection" {
  type = bool
}
