"""The addresses of the public pages."""

from django.urls import path

from tenants.web import books, confirmation, language, legal, progress, signup, sitemap, test_instances

urlpatterns = [
    path("", signup.home, name="home"),
    path("en/", signup.home, name="home_en"),
    path("signup", signup.sign_up, name="signup"),
    path("en/signup", signup.sign_up, name="signup_en"),
    path("availability", signup.availability, name="availability"),
    path("instances/<slug:instance_id>/", progress.page, name="progress"),
    path("test-instances/<slug:instance_id>/", test_instances.page, name="test_instance"),
    path("instances/<slug:instance_id>/progress", progress.fragment, name="progress_fragment"),
    path("instances/<slug:instance_id>/password", progress.password, name="progress_password"),
    path("confirm/sent/", confirmation.sent, name="confirmation_sent"),
    path("confirm/<str:token>/", confirmation.page, name="confirmation"),
    path("language/<str:code>/", language.choose, name="language"),
    path("docs/", books.shelf, name="books"),
    path("en/docs/", books.shelf, name="books_en"),
    path("docs/guide-client/", books.book, {"name": "customer_guide"}, name="customer_guide"),
    path("en/docs/customer-guide/", books.book, {"name": "customer_guide"}, name="customer_guide_en"),
    path("docs/guide-partenaire/", books.book, {"name": "partner_guide"}, name="partner_guide"),
    path("en/docs/partner-guide/", books.book, {"name": "partner_guide"}, name="partner_guide_en"),
    path("docs/api/", books.book, {"name": "api_guide"}, name="api_guide"),
    path("en/docs/api/", books.book, {"name": "api_guide"}, name="api_guide_en"),
    path("docs/widget/", books.book, {"name": "widget_guide"}, name="widget_guide"),
    path("en/docs/widget/", books.book, {"name": "widget_guide"}, name="widget_guide_en"),
    path("robots.txt", language.robots),
    path("sitemap.xml", sitemap.sitemap),
    path("mentions-legales/", legal.page, {"kind": "notice"}, name="legal_notice"),
    path("en/legal-notice/", legal.page, {"kind": "notice"}, name="legal_notice_en"),
    path("conditions/", legal.page, {"kind": "terms"}, name="legal_terms"),
    path("en/terms/", legal.page, {"kind": "terms"}, name="legal_terms_en"),
    path("confidentialite/", legal.page, {"kind": "privacy"}, name="legal_privacy"),
    path("en/privacy/", legal.page, {"kind": "privacy"}, name="legal_privacy_en"),
]
