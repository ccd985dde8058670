"""The addresses of the public pages."""

from django.urls import path

from tenants.web import confirmation, language, progress, signup

urlpatterns = [
    path("", signup.home, name="home"),
    path("signup", signup.sign_up, name="signup"),
    path("availability", signup.availability, name="availability"),
    path("instances/<slug:instance_id>/", progress.page, name="progress"),
    path("instances/<slug:instance_id>/progress", progress.fragment, name="progress_fragment"),
    path("instances/<slug:instance_id>/password", progress.password, name="progress_password"),
    path("confirm/sent/", confirmation.sent, name="confirmation_sent"),
    path("confirm/<str:token>/", confirmation.page, name="confirmation"),
    path("language/<str:code>/", language.choose, name="language"),
    path("robots.txt", language.robots),
]
