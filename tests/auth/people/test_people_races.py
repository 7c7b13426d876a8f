"""What must hold when two do it at the same moment: on committed data, with threads, again and again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.auth.invitations import operations as invitations
from app.auth.people import colleague_operations, merge_operations, operations, policy
from app.auth.people.schemas import ColleagueInput
from app.core.clock import now
from app.core.errors import DomainError
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client, User
from app.notifications.models import Notification

ROUNDS = 5

pytestmark = pytest.mark.usefixtures("committed_db")


def at_once(app, *acts):
    """Each act in a thread of its own, all begun together; what each gave, or the error that it met."""
    barrier = Barrier(len(acts))

    def run(act):
        with app.app_context(), as_system("a test"):
            try:
                barrier.wait()
                found = act()
                db.session.commit()
            except DomainError as error:
                db.session.rollback()
                return error
            else:
                return found
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refused(results):
    return [result for result in results if isinstance(result, DomainError)]


def change(actor_id, user_id, **changes):
    def act():
        actor = db.session.get(User, actor_id)
        user = policy.lock_users(user_id)[user_id]
        operations.change_user(user, changes, actor=actor)

    return act


@pytest.mark.parametrize("changes", [{"role": "manager"}, {"status": "suspended"}])
def test_two_administrators_who_demote_each_other_leave_one(app, make_user, changes):
    for _ in range(ROUNDS):
        one, two = make_user(role="admin").id, make_user(role="admin").id
        results = at_once(app, change(one, two, **changes), change(two, one, **changes))
        assert len(refused(results)) == 1
        db.session.expire_all()
        left = [user for user in (db.session.get(User, one), db.session.get(User, two)) if user.role == "admin"]
        assert len([user for user in left if user.is_active]) == 1
        for user in left:
            user.role = "manager"
        db.session.commit()


def test_the_last_administrators_who_are_suspended_by_a_third_are_not_all_gone(app, make_user):
    """The third is demoted meanwhile: somebody always stays."""
    for _ in range(ROUNDS):
        ids = [make_user(role="admin").id for _ in range(3)]
        pairs = zip(ids, ids[1:] + ids[:1], strict=True)
        at_once(app, *[change(actor, user, status="suspended") for actor, user in pairs])
        db.session.expire_all()
        people = [db.session.get(User, key) for key in ids]
        assert any(user.is_active for user in people)
        for user in people:
            user.role = "manager"
        db.session.commit()


def test_who_loses_the_role_meanwhile_does_nothing_more_with_it(app, make_user):
    """The operation began with a picture of an administrator, and looks again before it writes."""
    for _ in range(ROUNDS):
        boss, actor = make_user(role="admin").id, make_user(role="admin").id
        users = [make_user(role="expert").id for _ in range(3)]
        results = at_once(
            app,
            change(boss, actor, role="expert"),
            *[change(actor, user, role="manager") for user in users],
        )
        assert results[0] is None
        for user, result in zip(users, results[1:], strict=True):
            db.session.expire_all()
            assert db.session.get(User, user).role == ("expert" if isinstance(result, DomainError) else "manager")
        after = at_once(app, change(actor, users[0], status="suspended"))
        assert refused(after)
        assert db.session.get(User, users[0]).status == "active"


def invite(owner_id, email):
    def act():
        owner = db.session.get(User, owner_id)
        return invitations.invite_colleague(ColleagueInput(email=email), actor=owner).id

    return act


def test_two_invitations_of_one_address_at_once_make_one_user(app, make_user):
    for number in range(ROUNDS):
        owners = [make_user(role="client").id for _ in range(2)]
        email = f"wanted{number}@example.com"
        results = at_once(app, *[invite(owner, email) for owner in (*owners, *owners)])
        assert len(refused(results)) == 3, results
        assert all(error.status == 409 for error in refused(results))
        db.session.expire_all()
        assert len(db.session.scalars(db.select(User).where(User.email == email)).all()) == 1


def test_a_company_keeps_an_owner_when_two_demote_each_other(app, make_user, make_client_company):
    for _ in range(ROUNDS):
        client_id = make_client_company().id
        one, two = (make_user(role="client", client_id=client_id).id for _ in range(2))

        def demote(actor_id, user_id):
            return lambda: colleague_operations.set_company_role(
                user_id, "member", actor=db.session.get(User, actor_id)
            )

        results = at_once(app, demote(one, two), demote(two, one))
        assert len(refused(results)) == 1
        db.session.expire_all()
        assert [db.session.get(User, key).company_role for key in (one, two)].count("owner") == 1


def remove(actor_id, user_id):
    return lambda: colleague_operations.remove(user_id, actor=db.session.get(User, actor_id))


def test_who_is_removed_or_demoted_meanwhile_changes_nobody(app, make_user, make_client_company):
    for _ in range(ROUNDS):
        client_id = make_client_company().id
        one, two, third = (make_user(role="client", client_id=client_id).id for _ in range(3))
        results = at_once(app, remove(one, two), remove(two, one))
        assert len(refused(results)) == 1
        db.session.expire_all()
        states = {key: db.session.get(User, key).status for key in (one, two)}
        assert sorted(states.values()) == ["active", "suspended"]
        gone = next(key for key, status in states.items() if status == "suspended")
        assert refused(at_once(app, remove(gone, third)))


def test_a_removed_persons_request_that_is_under_way_is_the_last(app, make_user, make_client_company, api):
    """Requests go on while the owner removes the person: once that is answered, each one is refused."""
    client_id = make_client_company().id
    owner = make_user(role="client", client_id=client_id).id
    member = make_user(role="client", client_id=client_id, company_role="member")
    program, member_id = api(member), member.id
    seen = []

    def ask():
        seen.extend(program.get("/api/auth/me").status_code for _ in range(20))

    at_once(app, ask, remove(owner, member_id))
    assert program.get("/api/auth/me").status_code == 401
    assert seen == sorted(seen), "once refused, always refused"


def test_two_merges_of_one_account_at_once_leave_one_in_force(app, make_user, make_client_company):
    for _ in range(ROUNDS):
        admin, client_id = make_user(role="admin").id, make_client_company().id
        a, b, c = (make_user(role="client", client_id=client_id).id for _ in range(3))
        db.session.add(Notification(user_id=a, kind="seen-as", title="x", created_at=now()))
        db.session.commit()

        def merge(source, target, admin=admin):
            return lambda: merge_operations.merge_users(source, target, actor=db.session.get(User, admin)) and None

        results = at_once(app, merge(a, b), merge(a, c), merge(b, a))
        db.session.expire_all()
        users = {key: db.session.get(User, key) for key in (a, b, c)}
        merged = [key for key, user in users.items() if user.merged_into_id is not None]
        assert len(refused(results)) >= 1
        assert len(merged) == 3 - len(refused(results))
        for key in merged:
            assert users[key].status == "suspended"
        assert any(user.is_active for user in users.values())


def test_a_company_that_is_suspended_while_somebody_is_invited(app, make_user, make_client_company):
    for number in range(ROUNDS):
        client_id = make_client_company().id
        admin, owner = make_user(role="admin").id, make_user(role="client", client_id=client_id).id

        def suspend(client_id=client_id, admin=admin):
            client = policy.lock_company(client_id)
            operations.update_client(client, {"status": "suspended"}, actor=db.session.get(User, admin))

        results = at_once(app, suspend, invite(owner, f"late{number}@example.com"))
        assert results[0] is None
        assert db.session.get(Client, client_id).status == "suspended"
        assert refused(at_once(app, invite(owner, f"later{number}@example.com")))
