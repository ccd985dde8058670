"""What django-unfold says in English only: named here, so that our French catalogue holds it too."""

from django.utils.translation import gettext_noop

WORDS = (
    gettext_noop("Welcome back to"),
    gettext_noop("Select action"),
    gettext_noop("Type to search"),
    gettext_noop("Return to site"),
    gettext_noop("Select value"),
    gettext_noop("Apply Filters"),
    gettext_noop("Clear all filters"),
    gettext_noop("More actions"),
    gettext_noop("No results found"),
    gettext_noop("No results matching your query"),
    gettext_noop("Reset filters"),
    gettext_noop("Select all rows"),
    gettext_noop("Run the selected action"),
    gettext_noop("Light"),
    gettext_noop("Dark"),
    gettext_noop("This page yielded into no results. Create a new item or reset your filters."),
    gettext_noop("Filter navigation items"),
    gettext_noop("Add row"),
    gettext_noop("Expand row"),
    gettext_noop("Choose file to upload"),
    gettext_noop("Toggle password visibility"),
    gettext_noop("All applications"),
    gettext_noop("Loading more results..."),
    gettext_noop("No recent searches"),
    gettext_noop("Recent searches"),
)
