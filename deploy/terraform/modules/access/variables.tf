variable "project" {
  type = string
}

variable "permissions" {
  description = "By account: its grants and topics, as deploy/derived/permissions.json has them."
  type = map(object({
    grants = list(object({ role = string, on = string, why = string }))
    topics = list(string)
  }))
}

variable "emails" {
  description = "Service account by name."
  type        = map(string)
}

variable "buckets" {
  description = "Bucket by what grants call it."
  type        = map(string)
}

variable "topics" {
  description = "Topic id by event type."
  type        = map(string)
}

variable "snapshots" {
  type = string
}

variable "scratch" {
  type = string
}

variable "source_datasets" {
  type = set(string)
}

variable "secret" {
  type = string
}

variable "pipeline_id" {
  description = "Resource name of the account that pipeline jobs run as."
  type        = string
}
