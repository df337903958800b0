variable "project" {
  type = string
}

variable "emails" {
  type = set(string)
}

variable "dead_letters" {
  description = "The subscription that dead letters come by."
  type        = string
}
