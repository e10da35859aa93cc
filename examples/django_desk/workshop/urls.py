"""Knows which page is where; must not know what is on it."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from workshop import views

urlpatterns = [
    path("", views.orders, name="orders"),
    path("orders/new/", views.receive, name="receive"),
    path("orders/<int:number>/", views.order, name="order"),
    path("login/", LoginView.as_view(template_name="workshop/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
