variable "region" {
  type = string
}

variable "deletion_protection" {
  type = bool
}
