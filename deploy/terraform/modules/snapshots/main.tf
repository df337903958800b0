# The immutable copies of registered tables. Nothing expires: a result is only worth what its snapshot is.
resource "google_bigquery_dataset" "snapshots" {
  dataset_id                 = "towerlab_snapshots"
  location                   = var.region
  description                = "Snapshots of the tables that are registered in Towerlab; made and read by its services alone"
  delete_contents_on_destroy = !var.deletion_protection
}
