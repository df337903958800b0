# MLflow's database: PostgreSQL in Cloud SQL, reached through Cloud Run's socket alone. The password is made here, goes
# into the database and the secret, and never into Terraform's state.
resource "google_sql_database_instance" "tracking" {
  name                = "towerlab-tracking"
  region              = var.region
  database_version    = "POSTGRES_16"
  deletion_protection = var.deletion_protection

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.tier
    availability_type           = "ZONAL" # runs are a convenience: quick tests do not fail without them
    deletion_protection_enabled = var.deletion_protection

    ip_configuration {
      ipv4_enabled = true # Cloud Run's connector needs an address; no network is authorized to use it
      ssl_mode     = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }
  }
}

resource "google_sql_database" "runs" {
  name     = "mlflow"
  instance = google_sql_database_instance.tracking.name
}

ephemeral "random_password" "runs" {
  length  = 40
  special = false # it stands in a URL
}

resource "google_sql_user" "mlflow" {
  name                = "mlflow"
  instance            = google_sql_database_instance.tracking.name
  password_wo         = ephemeral.random_password.runs.result
  password_wo_version = var.password_version
}

resource "google_secret_manager_secret" "store_uri" {
  secret_id = "mlflow-backend-store-uri"
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_version" "store_uri" {
  secret                 = google_secret_manager_secret.store_uri.id
  secret_data_wo_version = var.password_version
  secret_data_wo = join("", [
    "postgresql+psycopg2://${google_sql_user.mlflow.name}:${ephemeral.random_password.runs.result}",
    "@/${google_sql_database.runs.name}?host=/cloudsql/${google_sql_database_instance.tracking.connection_name}",
  ])
}
