variable "events" {
  description = "Topics and subscriptions, as deploy/derived/events.json has them."
  type        = any
}

variable "urls" {
  description = "Base URL by service."
  type        = map(string)
}

variable "push_account" {
  type = string
}

variable "push_account_id" {
  type = string
}

variable "push_audience" {
  type = string
}

variable "bus_agent" {
  description = "Pub/Sub's own account, as an IAM member."
  type        = string
}
