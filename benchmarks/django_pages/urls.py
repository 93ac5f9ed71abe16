"""Two addresses."""

from django.urls import path

from . import views

urlpatterns = [path("campaigns", views.index), path("campaigns/<slug:slug>", views.detail)]
