# One service on Cloud Run, and who may reach it: people (through IAP), the project's own bus and scheduler alone
# ("internal"), or any of its invokers from anywhere ("accounts").
resource "google_cloud_run_v2_service" "service" {
  provider             = google-beta
  name                 = var.name
  location             = var.region
  ingress              = var.reach == "internal" ? "INGRESS_TRAFFIC_INTERNAL_ONLY" : "INGRESS_TRAFFIC_ALL"
  launch_stage         = var.reach == "people" ? "BETA" : "GA"
  iap_enabled          = var.reach == "people"
  invoker_iam_disabled = false
  custom_audiences     = var.audience == null ? [] : [var.audience]
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = var.account
    max_instance_request_concurrency = var.size.threads
    timeout                          = "600s" # as long as Pub/Sub waits
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = var.size.min
      max_instance_count = var.size.max
    }

    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        limits            = { cpu = var.size.cpu, memory = var.size.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = var.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      dynamic "volume_mounts" {
        for_each = var.database == null ? [] : [var.database]
        content {
          name       = "database"
          mount_path = "/cloudsql"
        }
      }

      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60
        http_get {
          path = var.health
        }
      }

      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = var.health
        }
      }
    }

    dynamic "volumes" {
      for_each = var.database == null ? [] : [var.database]
      content {
        name = "database"
        cloud_sql_instance {
          instances = [volumes.value]
        }
      }
    }
  }
}
