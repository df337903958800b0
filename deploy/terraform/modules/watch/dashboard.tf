# The same signals as charts, and what the services and jobs are doing.
locals {
  charts = merge(
    { for name, signal in local.signals : name => { title = signal.title, filter = signal.filter, aligner = signal.aligner } },
    {
      requests = {
        title   = "Requests per second"
        filter  = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_count\""
        aligner = "ALIGN_RATE"
      }
      containers = {
        title   = "Containers"
        filter  = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/instance_count\""
        aligner = "ALIGN_MAX"
      }
      running_jobs = {
        title   = "Pipeline jobs that run"
        filter  = "metric.type=\"aiplatform.googleapis.com/executing_vertexai_pipeline_jobs\""
        aligner = "ALIGN_MAX"
      }
    },
  )
  width = 4
}

resource "google_monitoring_dashboard" "towerlab" {
  dashboard_json = jsonencode({
    displayName = "Towerlab"
    mosaicLayout = {
      columns = 12
      tiles = [
        for place, name in sort(keys(local.charts)) : {
          width  = local.width
          height = 4
          xPos   = place % (12 / local.width) * local.width
          yPos   = floor(place / (12 / local.width)) * 4
          widget = {
            title = local.charts[name].title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter      = local.charts[name].filter
                    aggregation = { alignmentPeriod = "300s", perSeriesAligner = local.charts[name].aligner }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })
}
