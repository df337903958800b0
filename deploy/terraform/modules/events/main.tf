# A topic for each event type, a push subscription for each consumer of it, and a topic for what nobody could handle.
resource "google_pubsub_topic" "event" {
  for_each                   = toset(var.events.topics)
  name                       = each.key
  message_retention_duration = "604800s" # 7 days: a consumer that was wrong can be set back and see everything again
}

resource "google_pubsub_topic" "dead_letters" {
  name                       = var.events.dead_letters.topic
  message_retention_duration = "604800s"
}

resource "google_pubsub_subscription" "consumer" {
  for_each                   = var.events.subscriptions
  name                       = each.key
  topic                      = google_pubsub_topic.event[each.value.topic].id
  ack_deadline_seconds       = each.value.ack_deadline_seconds
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = "${var.urls[each.value.service]}${each.value.path}"
    oidc_token {
      service_account_email = var.push_account
      audience              = var.push_audience
    }
  }

  retry_policy {
    minimum_backoff = each.value.minimum_backoff
    maximum_backoff = each.value.maximum_backoff
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = each.value.max_delivery_attempts
  }

  expiration_policy {
    ttl = "" # never
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  name                       = var.events.dead_letters.subscription
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 30
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = "${var.urls[var.events.dead_letters.service]}${var.events.dead_letters.path}"
    oidc_token {
      service_account_email = var.push_account
      audience              = var.push_audience
    }
  }

  retry_policy {
    minimum_backoff = var.events.dead_letters.minimum_backoff
    maximum_backoff = var.events.dead_letters.maximum_backoff
  }

  expiration_policy {
    ttl = ""
  }
}
