# What is looked at. `logged` are counted from the services' log lines; a test checks that the code writes such lines.
locals {
  logged = {
    rejected     = "resource.type=\"cloud_run_revision\" jsonPayload.event=(\"rejected\" OR \"malformed\")"
    undelivered  = "resource.type=\"cloud_run_revision\" jsonPayload.event=\"undelivered\""
    not_sent_yet = "resource.type=\"cloud_run_revision\" jsonPayload.event=(\"sent later\" OR \"not announced yet\")"
    put_off      = "resource.type=\"cloud_run_revision\" jsonPayload.event=\"put off\""
    unexpected   = "resource.type=\"cloud_run_revision\" jsonPayload.event=\"unexpected error\""
    failed_ticks = "resource.type=\"cloud_scheduler_job\" severity>=ERROR"
    failed_jobs  = "resource.type=\"aiplatform.googleapis.com/PipelineJob\" jsonPayload.state=\"PIPELINE_STATE_FAILED\""
  }
  counted = { for name in keys(local.logged) : name => "metric.type=\"logging.googleapis.com/user/towerlab/${name}\"" }

  signals = {
    dead_letters = {
      title   = "Dead letters"
      filter  = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/dead_letter_message_count\""
      aligner = "ALIGN_DELTA"
      above   = 0
      advice  = "An event was refused until Pub/Sub gave up. docs/runbook.md, 'Replay dead letters'."
    }
    refused_pushes = {
      title   = "Pushes answered with 5xx"
      filter  = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/push_request_count\" metric.labels.response_class=\"remote_server_5xx\""
      aligner = "ALIGN_DELTA"
      above   = 20
      advice  = "A consumer asks for events again and again. Its log says why; what it depends on may be down."
    }
    oldest_unacked = {
      title   = "Age of the oldest event that waits, seconds"
      filter  = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      aligner = "ALIGN_MAX"
      above   = 900
      advice  = "A consumer does not keep up, or is down. Registering a large table may take 10 minutes; more is wrong."
    }
    failed_requests = {
      title   = "Requests answered with 5xx"
      filter  = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_count\" metric.labels.response_code_class=\"5xx\""
      aligner = "ALIGN_DELTA"
      above   = 20
      advice  = "Find the service by its label, then its log: jsonPayload.event=\"unexpected error\" or \"unavailable\"."
    }
    rejected = {
      title   = "Events that a service set aside"
      filter  = "resource.type=\"cloud_run_revision\" ${local.counted.rejected}"
      aligner = "ALIGN_DELTA"
      above   = 0
      advice  = "The document of kind dead_letter holds the event and the reason. docs/runbook.md, 'Replay dead letters'."
    }
    undelivered = {
      title   = "Dead letters that were kept"
      filter  = "resource.type=\"cloud_run_revision\" ${local.counted.undelivered}"
      aligner = "ALIGN_DELTA"
      above   = 0
      advice  = "docs/runbook.md, 'Replay dead letters'."
    }
    not_sent_yet = {
      title   = "Commits whose events were left to the sweep"
      filter  = "resource.type=\"cloud_run_revision\" ${local.counted.not_sent_yet}"
      aligner = "ALIGN_DELTA"
      above   = 20
      advice  = "Pub/Sub was not reached within a second, many times. Nothing is lost: the sweep sends what waits."
    }
    put_off = {
      title   = "Quick tests that could not be looked at"
      filter  = "resource.type=\"cloud_run_revision\" ${local.counted.put_off}"
      aligner = "ALIGN_DELTA"
      above   = 20
      advice  = "Vertex AI, Cloud Storage or MLflow does not answer, or the account lost a role; the log line has the reason."
    }
    unexpected = {
      title   = "Unexpected errors"
      filter  = "resource.type=\"cloud_run_revision\" ${local.counted.unexpected}"
      aligner = "ALIGN_DELTA"
      above   = 0
      advice  = "A fault of the software; the log line has the stack trace."
    }
    failed_ticks = {
      title   = "Ticks that failed"
      filter  = "resource.type=\"cloud_scheduler_job\" ${local.counted.failed_ticks}"
      aligner = "ALIGN_DELTA"
      above   = 5
      advice  = "No quick test ends and no waiting event goes out until ticks work again."
    }
    failed_jobs = {
      title   = "Pipeline jobs that failed"
      filter  = "resource.type=\"aiplatform.googleapis.com/PipelineJob\" ${local.counted.failed_jobs}"
      aligner = "ALIGN_DELTA"
      above   = 2
      advice  = "The page shows each test's reason; several at a time mean the image, an account's role or a quota."
    }
  }
}

resource "google_logging_metric" "logged" {
  for_each = local.logged
  name     = "towerlab/${each.key}"
  filter   = each.value

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}
