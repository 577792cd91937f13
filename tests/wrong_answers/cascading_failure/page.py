"""Plausible mistakes in `page`, one a function."""

import numpy as np


def never_closes(state, room, optional, probe):
    """A breaker that is trying lets nobody through: it never closes again."""
    may = (state == 0) & (room > 0)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def everybody_probes(state, room, optional, probe):
    """A breaker that is trying lets everybody through."""
    may = (state != 1) & (room > 0)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def no_bulkhead(state, room, optional, probe):
    """Does not look at the room."""
    may = (state == 0) | ((state == 2) & probe)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def all_required(state, room, optional, probe):
    """Fails a page whatever is missing."""
    may = ((state == 0) | ((state == 2) & probe)) & (room > 0)
    return np.where(may.all(axis=0), 0, 2) + 0 * state


def all_optional(state, room, optional, probe):
    """Shows a page whatever is missing."""
    may = ((state == 0) | ((state == 2) & probe)) & (room > 0)
    return np.where(may, 0, 1)


def calls_the_others(state, room, optional, probe):
    """Calls the others although the page has failed."""
    may = ((state == 0) | ((state == 2) & probe)) & (room > 0)
    return np.where(may, 0, np.where(optional, 1, 2))


def leaves_out_in_a_failed_page(state, room, optional, probe):
    """Fails what is required, and leaves out the rest, in a page that has failed."""
    may = ((state == 0) | ((state == 2) & probe)) & (room > 0)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), np.where(optional, 1, 2), action)


def never_asks_for_extras(state, room, optional, probe):
    """Leaves out what is optional, always."""
    may = ((state == 0) | ((state == 2) & probe)) & (room > 0)
    action = np.where(optional, 1, np.where(may, 0, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def probes_without_room(state, room, optional, probe):
    """The probe goes through, room or not."""
    may = ((state == 0) & (room > 0)) | ((state == 2) & probe)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def probe_goes_anywhere(state, room, optional, probe):
    """Lets the probe through an open breaker, too."""
    may = ((state == 0) | probe) & (room > 0)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def leaves_out_what_is_out(state, room, optional, probe):
    """Fails a page, and still leaves out in it what may not be called."""
    may = ((state == 0) | ((state == 2) & probe)) & (room > 0)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0) & (action != 1), 2, action)


def never_probes_extras(state, room, optional, probe):
    """Does not try what is optional: its breaker never closes again."""
    may = ((state == 0) | ((state == 2) & probe & ~optional)) & (room > 0)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def keeps_one_place_free(state, room, optional, probe):
    """Over-fixed: never takes the last place of a bulkhead."""
    may = ((state == 0) | ((state == 2) & probe)) & (room > 1)
    action = np.where(may, 0, np.where(optional, 1, 2))
    return np.where((action == 2).any(axis=0), 2, action)


def constants_of_the_visible_seed(state, room, optional, probe):
    """What is right at home, copied."""
    return np.resize([0, 2, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 2, 0, 0, 0, 1, 2, 0, 0, 0, 2, 0, 2], state.shape)


def constants_tuned_on_other_seeds(state, room, optional, probe):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 1, 0, 0, 0, 1], state.shape)
