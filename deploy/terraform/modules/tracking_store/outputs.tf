output "connection" {
  value = google_sql_database_instance.tracking.connection_name
}

output "secret" {
  value = google_secret_manager_secret.store_uri.secret_id
}

output "secret_version" {
  value = {
    secret  = google_secret_manager_secret.store_uri.secret_id
    version = google_secret_manager_secret_version.store_uri.version
  }
}
