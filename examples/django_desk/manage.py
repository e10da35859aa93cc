"""The commands of Django for the workshop; `manage.py demo` sets everything up and serves it."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workshop.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
