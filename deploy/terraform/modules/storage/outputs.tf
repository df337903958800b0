output "artifacts" {
  value = google_storage_bucket.bucket["artifacts"].name
}

output "pipeline_root" {
  value = google_storage_bucket.bucket["pipeline_root"].name
}

output "tracking_files" {
  value = google_storage_bucket.bucket["tracking_files"].name
}
