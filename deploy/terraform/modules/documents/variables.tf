variable "database" {
  type = string
}

variable "region" {
  type = string
}

variable "documents" {
  description = "Indexes, fields without one, and fields that documents end by, as deploy/derived/documents.json has them."
  type        = any
}

variable "deletion_protection" {
  type = bool
}
