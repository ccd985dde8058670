import pytest
from django.contrib.auth.models import Group, User


@pytest.fixture
def sign_in(client):
    """A signed-in member of staff, of a group or of none; "superuser" is one."""

    def sign_in(group=""):
        user = User.objects.create_user(f"staff-{group}", is_staff=True, is_superuser=group == "superuser")
        if group not in ("", "superuser"):
            user.groups.add(Group.objects.get(name=group))
        client.force_login(user)
        return client

    return sign_in
