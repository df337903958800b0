# The APIs that the installation calls, and the accounts that Google's own services act as.
locals {
  apis = [
    "aiplatform", "artifactregistry", "bigquery", "bigquerystorage", "cloudbuild", "cloudscheduler", "compute", "dataflow",
    "firestore", "iam", "iap", "logging", "monitoring", "pubsub", "run", "secretmanager", "sqladmin", "storage",
  ]
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_project_service_identity" "agent" {
  provider   = google-beta
  for_each   = toset(["iap", "pubsub"])
  service    = "${each.key}.googleapis.com"
  depends_on = [google_project_service.api]
}
