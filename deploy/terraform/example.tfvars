# Copy this, fill in every <...>, keep the copy outside of the repository.
project = "<project id>"
region  = "<region>"

# digests as the build prints them
images = {
  config-api             = "<region>-docker.pkg.dev/<project id>/towerlab/config-api@sha256:<digest>"
  codegen                = "<region>-docker.pkg.dev/<project id>/towerlab/codegen@sha256:<digest>"
  quicktest-orchestrator = "<region>-docker.pkg.dev/<project id>/towerlab/quicktest-orchestrator@sha256:<digest>"
  metrics-collector      = "<region>-docker.pkg.dev/<project id>/towerlab/metrics-collector@sha256:<digest>"
  pipeline               = "<region>-docker.pkg.dev/<project id>/towerlab/pipeline@sha256:<digest>"
  tracking               = "<region>-docker.pkg.dev/<project id>/towerlab/tracking@sha256:<digest>"
}

people = ["group:<recommenders@example.org>"]
roles = {
  "<ann@example.org>" = "admin"
  "*@example.org"     = "viewer"
}

source_datasets = ["<project id>.<dataset>"]
alert_emails    = ["<on-call@example.org>"]
