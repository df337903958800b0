variable "region" {
  type = string
}

variable "tier" {
  type = string
}

variable "password_version" {
  type = number
}

variable "deletion_protection" {
  type = bool
}
