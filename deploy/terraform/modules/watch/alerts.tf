# One policy per signal, sent to everybody in `emails`.
resource "google_monitoring_notification_channel" "email" {
  for_each     = var.emails
  display_name = each.key
  type         = "email"
  labels       = { email_address = each.key }
}

resource "google_monitoring_alert_policy" "signal" {
  for_each              = local.signals
  display_name          = "Towerlab: ${each.value.title}"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = "${each.value.title} above ${each.value.above}"
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "0s"
      aggregations {
        alignment_period   = "600s"
        per_series_aligner = each.value.aligner
      }
    }
  }

  documentation {
    content   = "${each.value.advice}\n\nDead letters are kept by the subscription ${var.dead_letters} of project ${var.project}."
    mime_type = "text/markdown"
  }

  depends_on = [google_logging_metric.logged]
}
