"""Knows what Django is told of this site; must not know what it is for."""

import os
import secrets
from pathlib import Path

from django.utils import timezone

from workshop.database import database

BASE = Path(__file__).resolve().parent.parent

DATABASES = {"default": database(os.environ.get("WORKSHOP_DATABASE", str(BASE / "workshop.db")))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# An example makes its own key, so sessions end with the process; a real site keeps one, and serves no other hosts' names.
SECRET_KEY = os.environ.get("WORKSHOP_SECRET") or secrets.token_urlsafe(50)
DEBUG = os.environ.get("WORKSHOP_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("WORKSHOP_HOSTS", "localhost,127.0.0.1,testserver").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "workshop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # every page, unless it says otherwise
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "workshop.urls"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "orders"
STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
NOW = timezone.now
