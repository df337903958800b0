# The immutable copies of registered tables. Nothing expires: a result is only worth what its snapshot is.
resource "google_bigquery_dataset" "snapshots" {
  dataset_id                 = "towerlab_snapshots"
  location                   = var.region
  description                = "Snapshots of the tables that are registered in Towerlab; made and read by its services alone"
  delete_contents_on_destroy = !var.deletion_protection
}

# Where queries put their temporary tables, which have a random name, are dropped at the end and expire after six hours.
# It is found by its name: adapters/bigquery_engine.py puts _scratch behind that of the snapshots. Nothing in it is worth
# getting back, and what was dropped is charged for as long as time travel reaches.
resource "google_bigquery_dataset" "scratch" {
  dataset_id                 = "${google_bigquery_dataset.snapshots.dataset_id}_scratch"
  location                   = var.region
  description                = "Temporary tables of Towerlab's queries"
  max_time_travel_hours      = "48"
  delete_contents_on_destroy = true
}
