# The document store: one Firestore database, its composite indexes, and what it neither indexes nor keeps for ever.
resource "google_firestore_database" "documents" {
  name                              = var.database
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "ABANDON" : "DELETE"
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.documents.name
  retention = "604800s" # 7 days, as far back as point-in-time recovery reaches; a backup survives the database
  daily_recurrence {}
}

resource "google_firestore_index" "listing" {
  for_each   = var.documents.indexes
  database   = google_firestore_database.documents.name
  collection = each.value.collection

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.field_path
      order        = try(fields.value.order, null)
      array_config = try(fields.value.array_config, null)
    }
  }

  lifecycle {
    create_before_destroy = true # queries need the old one until the new one is built
  }
}

# No index on these: bodies are long and nobody searches them, times that only grow would slow down writing.
resource "google_firestore_field" "field" {
  for_each   = var.documents.fields
  database   = google_firestore_database.documents.name
  collection = each.value.collection
  field      = each.value.field
  index_config {}

  dynamic "ttl_config" {
    for_each = each.value.ttl ? [each.key] : []
    content {}
  }
}
