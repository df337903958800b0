# Three buckets. Artifacts (generated code, ranks, metrics, profiles) are evidence: no rule deletes them. What jobs leave
# (examples, transforms, models) goes after a while, unless it is under a hold.
locals {
  buckets = {
    artifacts      = { versioned = true }
    pipeline_root  = { versioned = false }
    tracking_files = { versioned = false }
  }
}

resource "google_storage_bucket" "bucket" {
  for_each                    = local.buckets
  name                        = "${var.project}-${replace(each.key, "_", "-")}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  versioning {
    enabled = each.value.versioned
  }

  soft_delete_policy {
    retention_duration_seconds = 604800 # 7 days
  }

  dynamic "lifecycle_rule" {
    for_each = each.key == "pipeline_root" ? [var.pipeline_outputs_days] : []
    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }
}
