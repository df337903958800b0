"""How gunicorn runs a service in its container; the stack on one machine runs it with the same settings."""

import os

wsgi_app = os.environ["APP"]
bind = f"0.0.0.0:{os.environ['PORT']}"
workers = 1  # Cloud Run adds containers, not processes
worker_class = "gthread"
threads = int(os.environ.get("THREADS", "8"))  # as many requests as Cloud Run sends to one container
limit_request_line = 8190
graceful_timeout = 5  # Cloud Run kills ten seconds after it asks
timeout = 120
loglevel = "warning"
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
