"""Right answers to `eject` of another style than the solution's."""

import numpy as np


def fleet_by_fleet(sent, bad, out, cap):
    """Sorts the hosts of one fleet after the other."""
    ejects = np.zeros(sent.shape, dtype=bool)
    for n in range(len(sent)):
        judged = [h for h in range(sent.shape[1]) if not out[n, h] and sent[n, h] >= 100]
        usual = np.median([bad[n, h] / sent[n, h] for h in judged])
        ill = [h for h in judged if bad[n, h] / sent[n, h] > usual + 0.05]
        ill.sort(key=lambda h: bad[n, h] / sent[n, h], reverse=True)
        room = int(cap[n] * sent.shape[1]) - out[n].sum()
        ejects[n, ill[: max(room, 0)]] = True
    return ejects
