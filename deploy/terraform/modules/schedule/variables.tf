variable "region" {
  type = string
}

variable "schedule" {
  description = "By name: service, path and cron line, as deploy/derived/schedule.json has them."
  type        = map(object({ service = string, path = string, schedule = string }))
}

variable "urls" {
  description = "Base URL by service."
  type        = map(string)
}

variable "tick_account" {
  type = string
}

variable "audience" {
  type = string
}
