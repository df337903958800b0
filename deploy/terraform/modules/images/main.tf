# Where container images are kept. A version stays for as long as one of the newest ten of its image.
resource "google_artifact_registry_repository" "images" {
  repository_id = "towerlab"
  location      = var.region
  format        = "DOCKER"
  description   = "Container images of Towerlab"

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "7776000s" # 90 days
    }
  }
}
