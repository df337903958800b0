output "dataset" {
  value = google_bigquery_dataset.snapshots.dataset_id
}

output "scratch" {
  value = google_bigquery_dataset.scratch.dataset_id
}
