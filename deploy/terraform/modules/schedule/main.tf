# The periodic work: each tick asks one service, with a token of the tick account.
resource "google_cloud_scheduler_job" "tick" {
  for_each         = var.schedule
  name             = replace(each.key, ".", "-")
  region           = var.region
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "300s"

  retry_config {
    retry_count = 0 # the next tick is a minute away
  }

  http_target {
    http_method = "POST"
    uri         = "${var.urls[each.value.service]}${each.value.path}"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")
    oidc_token {
      service_account_email = var.tick_account
      audience              = var.audience
    }
  }
}
