# One service account for each thing that runs, so that each has its own roles and its own lines in the audit log.
resource "google_service_account" "account" {
  for_each     = toset(var.names)
  account_id   = each.key
  display_name = "Towerlab ${each.key}"
}
