output "number" {
  value = data.google_project.this.number
}

output "iap_agent" {
  value = google_project_service_identity.agent["iap"].member
}

output "pubsub_agent" {
  value = google_project_service_identity.agent["pubsub"].member
}
