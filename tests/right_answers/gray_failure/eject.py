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


def one_after_the_other(sent, bad, out, cap):
    """Ejects while there is room; rows of numbers."""
    rows = []
    for calls, ill, gone, most in zip(sent.tolist(), bad.tolist(), out.tolist(), cap.tolist(), strict=True):
        share = {h: ill[h] / calls[h] for h in range(len(calls)) if not gone[h] and calls[h] >= 100}
        usual, row, count = np.median(list(share.values())), [0] * len(calls), sum(gone)
        for host in sorted(share, key=share.get, reverse=True):
            if share[host] - usual > 0.05 and count + 1 <= most * len(calls):
                row[host], count = 1, count + 1
        rows.append(row)
    return rows
