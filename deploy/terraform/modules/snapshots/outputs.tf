output "dataset" {
  value = google_bigquery_dataset.snapshots.dataset_id
}
