variable "project" {
  description = "Id of the Google Cloud project. It holds this installation and nothing else."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lowercase letters, digits and dashes."
  }
}

variable "region" {
  description = "Region of everything: services, documents, buckets, BigQuery datasets, pipelines. The source datasets must be there too."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Name a region such as those that `gcloud run regions list` prints; a multi-region will not do for Cloud Run."
  }
}

variable "images" {
  description = "Container image by name, each with its digest: config-api, codegen, quicktest-orchestrator, metrics-collector, pipeline, tracking."
  type        = map(string)

  validation {
    condition = alltrue([
      for name in ["config-api", "codegen", "quicktest-orchestrator", "metrics-collector", "pipeline", "tracking"] :
      can(regex("@sha256:[0-9a-f]{64}$", var.images[name]))
    ])
    error_message = "Each of the six images must be there, and end with its digest: @sha256:... A tag may mean another image tomorrow."
  }
}

variable "people" {
  description = "Who may open the page, as IAM members: user:..., group:..., domain:..."
  type        = set(string)

  validation {
    condition     = length(var.people) > 0 && alltrue([for member in var.people : can(regex("^(user|group|domain|serviceAccount):.+$", member))])
    error_message = "Name at least one member, each as user:, group:, domain: or serviceAccount:. allUsers is refused."
  }
}

variable "roles" {
  description = "What people may do, as TOWERLAB_ROLES has it: {\"ann@example.org\" = \"admin\", \"*@example.org\" = {\"<dataset id>\" = \"viewer\"}}."
  type        = any

  validation {
    condition     = contains([for granted in values(var.roles) : try(tostring(granted), "")], "admin")
    error_message = "Make at least one person admin."
  }
}

variable "source_datasets" {
  description = "BigQuery datasets that people may register tables of, as project.dataset; the services get read access."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.source_datasets : can(regex("^[a-z][a-z0-9-]+\\.[A-Za-z0-9_]+$", name))])
    error_message = "Write each as project.dataset."
  }
}

variable "firestore_database" {
  description = "Name of the Firestore database. (default) has a free quota; another name is needed where the project has a default database in Datastore mode."
  type        = string
  default     = "(default)"
}

variable "services" {
  description = "By deployment: the fewest and most containers, requests that one takes at once (its threads), its CPUs and memory."
  type = map(object({
    min     = number
    max     = number
    threads = number
    cpu     = string
    memory  = string
  }))
  default = {
    config-api-public      = { min = 0, max = 4, threads = 32, cpu = "1", memory = "1Gi" }
    config-api             = { min = 0, max = 4, threads = 8, cpu = "1", memory = "1Gi" }
    codegen                = { min = 0, max = 4, threads = 8, cpu = "1", memory = "512Mi" }
    quicktest-orchestrator = { min = 0, max = 2, threads = 8, cpu = "1", memory = "512Mi" }
    metrics-collector      = { min = 0, max = 2, threads = 4, cpu = "2", memory = "2Gi" }
    tracking               = { min = 0, max = 2, threads = 20, cpu = "1", memory = "1Gi" }
  }

  validation {
    condition     = alltrue([for one in values(var.services) : one.min >= 0 && one.max >= max(1, one.min) && one.threads >= 1])
    error_message = "min must not be negative nor above max, max and threads at least 1."
  }
}

variable "pipeline_outputs_days" {
  description = "After so many days Cloud Storage deletes what a job has made (examples, transforms, models), unless it is kept. Vertex AI may hand out a cached output of the same calendar month."
  type        = number
  default     = 60

  validation {
    condition     = var.pipeline_outputs_days >= 35
    error_message = "At least 35: cached outputs are used for a calendar month, and by the job that found them."
  }
}

variable "allowed_origins" {
  description = "Front ends on other origins that may call the API from a browser, such as https://page.example."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.allowed_origins : can(regex("^https?://[a-z0-9.:-]+$", origin))])
    error_message = "An origin is a scheme and a host, without a path."
  }
}

variable "upload_megabytes" {
  description = "The largest file that people may upload. Cloud Run takes 32 MiB in a request; larger tables belong in BigQuery."
  type        = number
  default     = 32

  validation {
    condition     = var.upload_megabytes >= 1 && var.upload_megabytes <= 32
    error_message = "From 1 to 32."
  }
}

variable "register_at_once_values" {
  description = "Tables with more values (rows times columns) are registered after the answer."
  type        = number
  default     = 8000000
}

variable "test_deadline_seconds" {
  description = "Within so many seconds of being asked for, a quick test has ended or fails."
  type        = number
  default     = 7200
}

variable "full_training" {
  description = "Who trains in full: here, this installation's pipeline; handed_over, whoever listens to full-training.requested."
  type        = string
  default     = "here"

  validation {
    condition     = contains(["here", "handed_over"], var.full_training)
    error_message = "here or handed_over."
  }
}

variable "full_training_deadline_seconds" {
  description = "Within so many seconds of being asked for, a full training that runs here has ended or fails."
  type        = number
  default     = 86400
}

variable "compute" {
  description = "What quick tests and full trainings run on. Above so many rows StatisticsGen and Transform are Dataflow's (0: never), on so many workers at most; dataflow_image is empty for the pipeline's own. The Trainer, and every other task that holds rows, has so many CPUs and gigabytes; the Trainer alone an accelerator, such as NVIDIA_TESLA_T4:1."
  type = object({
    dataflow_rows       = optional(number, 10000000)
    dataflow_workers    = optional(number, 8)
    dataflow_machine    = optional(string, "e2-standard-4")
    dataflow_image      = optional(string, "")
    trainer_cpu         = optional(number, 4)
    trainer_memory_gb   = optional(number, 16)
    trainer_accelerator = optional(string, "")
  })
  default = {}

  validation {
    condition     = var.compute.trainer_accelerator == "" || can(regex("^[A-Z][A-Z0-9_]*:(1|2|4|8|16)$", var.compute.trainer_accelerator))
    error_message = "trainer_accelerator is a type and 1, 2, 4, 8 or 16 of it, such as NVIDIA_TESLA_T4:1."
  }
}

variable "tracking_database_tier" {
  description = "Cloud SQL machine type of MLflow's database."
  type        = string
  default     = "db-g1-small"
}

variable "tracking_password_version" {
  description = "Raise it by one to give MLflow's database a new password."
  type        = number
  default     = 1
}

variable "alert_emails" {
  description = "Who is told when something is wrong."
  type        = set(string)
  default     = []
}

variable "deletion_protection" {
  description = "Refuse to delete the document database, MLflow's database, the buckets' contents and the services. Set it to false only to delete an installation."
  type        = bool
  default     = true
}
