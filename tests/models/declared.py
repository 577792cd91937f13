"""The models under contract: what is drawn for each, and what each conserves, one line a law."""

from __future__ import annotations

import numpy as np

from course_lib.models import (
    bad_rollout,
    cache_stampede,
    cascading_failure,
    discovery_failure,
    dns_outage,
    gray_failure,
    hot_partition,
    metastable_failure,
    queue_overload,
    repeat_incident,
    retry_storm,
    split_brain,
)
from course_lib.models.drills import replica_fleet, retry_chain, stampede_drill
from course_lib.models.schedule import Schedule
from tests.models.contract import Declared

RETRY_STORM = Declared(
    retry_storm,
    base=dict(brownout_start=2.0, brownout_duration=2.0),
    ranges=dict(dt=(0.05, 1.0), throttle_window=(1.0, 60.0), breaker_window=(1.0, 60.0), backoff_cap=(0.1, 60.0)),
    at_most={
        "answered <= offered": lambda c: (c["goodput"], c["offered_rate"]),
        "retries and first attempts that were sent <= attempts": lambda c: (c["throughput"], c["attempt_rate"]),
        "done and queued <= attempts less those rejected": lambda c: (
            c["throughput"] + c.level("queue_depth"), c["attempt_rate"] - c["rejected_rate"],
        ),
        "tokens <= the bucket": lambda c: (c.level("tokens"), c.p.budget_burst),
        "wasted <= done": lambda c: (c["wasted_work"], c["throughput"]),
    },
    settings={
        "every defence": dict(
            deadline_propagation="on", queue_limit=900, breaker="on", throttle="on", budget="successes",
            backoff="full_jitter",
        ),
        "answers lost to few": dict(population=20, service_rate=10.0, reply_loss=0.3),
        "with and without retries": dict(
            max_retries=np.array([0, 3, 10]), budget="first_attempts", timeout=np.array([0.3, 1.0, 2.5])
        ),
        "jitter": dict(backoff=np.array(["none", "full_jitter", "decorrelated_jitter"])),
    },
)  # fmt: skip

CACHE_STAMPEDE = Declared(
    cache_stampede,
    base=dict(keys=24, trigger_start=8.0, trigger_duration=8.0),
    ranges=dict(
        keys=(1, 64), dt=(0.1, 0.5), recompute_time=(0.5, 60.0), client_timeout=(0.1, 100.0), arrival_rate=(0.0, 1e4)
    ),
    at_most={
        "answered <= offered": lambda c: (c["goodput"], c["offered_rate"]),
        "shed <= offered": lambda c: (c["shed_rate"], c["offered_rate"]),
        "done and queued <= asked of the origin": lambda c: (
            c["origin_throughput"] + c.level("origin_queue"), c["origin_load"],
        ),
        "at once <= the most so far": lambda c: (c.level("recomputes_hottest"), c.level("recomputes_hottest_most")),
        "the hottest key's <= all recomputes": lambda c: (c["recompute_rate_hottest"], c["origin_load"]),
    },
    settings={
        "one key, its cache gone": dict(
            keys=1, arrival_rate=100.0, cache_lost=1.0, coalescing="fleet", trigger="none"
        ),
        "brownout": dict(trigger="brownout"),
        "no origin at all": dict(trigger="brownout", brownout_capacity=0.0),
        "flush, every defence": dict(
            trigger="flush", coalescing="fleet", crash_probability=0.1, beta=1.0, stale_while_revalidate=10.0,
            stale_if_error=20.0, ttl_jitter=0.3, warmup_ramp=15.0,
        ),
        "stale beside fresh": dict(stale_while_revalidate=np.array([0.0, 5.0, 60.0]), zipf_exponent=1.3),
    },
)  # fmt: skip

HOT_PARTITION = Declared(
    hot_partition,
    base=dict(partitions=8, keys=500, viral_start=10.0, viral_duration=20.0, arrival_rate=5000.0),
    ranges=dict(
        partitions=(1, 16), salts=(1, 40), keys=(1, 5000), dt=(0.1, 10.0), retry_delay=(0.1, 10.0), max_retries=(0, 5)
    ),
    ticks=60,
    steady=("salts", "salted", "write_share", "cache_ttl"),  # operations under way count by the new mix
    at_most={
        # Offered is the mean of what comes: six standard deviations of the Poisson more may come and be answered.
        "answered <= offered": lambda c: (c["goodput"], c["offered_rate"] + 6 * np.sqrt(c["offered_rate"]) + 9),
        "first attempts <= attempts": lambda c: (c["operation_rate"], c["attempt_rate"]),
        "a queue <= its limit": lambda c: (c.level("longest_queue"), c.p.queue_limit),
    },
    settings={
        "hardly a queue": dict(arrival_rate=0.5, queue_limit=1.0),
        "every defence": dict(salts=12, cache_ttl=5.0, bounded_load=1.4, split="on", split_delay=8.0),
        "salted, hashed": dict(salts=np.array([1, 9, 40]), salt_placement="hashed", write_share=0.4),
    },
)

QUEUE_OVERLOAD = Declared(
    queue_overload,
    base=dict(burst_start=20.0, burst_duration=20.0),
    ranges=dict(
        producer_rate=(0.0, 5000.0), burst_rate=(0.0, 5000.0), dt=(0.1, 1.0), service_rate=(1.0, 1000.0),
        consumers=(1, 40), max_consumers=(1, 60), partitions=(1, 50), deadline=(1.0, 60.0), codel_target=(1.0, 60.0),
        codel_interval=(1.0, 60.0), startup=(1.0, 60.0), redelivery_delay=(1.0, 60.0), restart_time=(1.0, 60.0),
    ),
    at_most={
        "ended and waiting <= sent": lambda c: (
            c["goodput"] + c["late_rate"] + c["rejected_rate"] + c["dropped_rate"] + c["lost_rate"]
            + c["dead_letter_rate"] + c.level("depth"), c["producer_rate"],
        ),
        "sent <= wanted": lambda c: (c["producer_rate"], c["demand"]),
        "in time and late <= delivered": lambda c: (c["goodput"] + c["late_rate"], c["throughput"]),
        "consumers <= partitions": lambda c: (c.level("consumers"), c.p.partitions),
        "held <= waiting": lambda c: (c.level("held"), c.level("depth")),
    },
    settings={
        "every defence": dict(
            bound=8.0, expiry="on", discipline="adaptive_lifo", back_pressure=0.5, max_consumers=20, startup=5.0
        ),
        "a broker that dies": dict(
            memory_limit=np.array([1e3, 4e3, np.inf]), durable=np.array(["no", "yes", "no"]), restart_time=5.0
        ),
        "poison": dict(poison_share=np.array([0.0, 0.05, 0.5]), max_deliveries=np.array([1, 5, 20])),
        "poison that comes and goes": dict(poison_share=Schedule(0.0, ((20.0, 0.2), (50.0, 0.0))), bound=9.0),
        "poison, newest first": dict(poison_share=0.1, discipline=np.array(["fifo", "lifo", "adaptive_lifo"])),
        "bounds": dict(bound=np.array([0.1, 5.0, np.inf]), when_full=np.array(["reject", "drop_oldest", "push_back"])),
        "refusals that cost": dict(bound=2.0, rejection_cost=np.array([0.0, 0.3, 0.9])),
    },
)  # fmt: skip

DNS_OUTAGE = Declared(
    dns_outage,
    base=dict(outage_start=10.0, outage_duration=30.0, caches=20, ttl=8.0),
    ranges=dict(ttl=(1.0, 200.0), caches=(1, 300), dt=(0.5, 2.0)),
    at_most={
        "shares of lookups add up": lambda c: (c["goodput"], c["offered_rate"]),
        "stale answers are answers": lambda c: (c["stale_share"], c["availability"] + c["misled_share"]),
        "wrong addresses mislead": lambda c: (c["wrong_share"], c["misled_share"]),
        "holding or denied, at most all": lambda c: (
            c["holding_share"] + c["negative_share"], c.trace.time[:, None],
        ),
        "asked no more often than looked up": lambda c: (
            c["upstream_rate"], 2 * np.maximum(c.p.upstream_tries, 1) * (c["offered_rate"] + c.p.caches),
        ),
    },
    equal={
        "right, misled or failed": lambda c: (
            c["availability"] + c["misled_share"] + c["error_ratio"],
            np.cumsum(c.trace["offered_rate"] > 0, axis=0) * c.step,
        ),
    },
    settings={
        "stale for a while": dict(stale_limit=np.array([0.0, 6.0, 1e6]), last_known_good=0.5, change_time=30.0),
        "slow": dict(outage="slow", slow_answer=np.array([0.4, 3.0, 30.0]), stale_limit=9.0),
        "empty, then dead": dict(outage="empty", negative_ttl=np.array([1.0, 25.0, 300.0]), last_known_good=1.0),
        "wrong": dict(outage="wrong", ttl=np.array([1.0, 8.0, 60.0]), stale_limit=20.0),
        "an overloaded resolver": dict(resolver_capacity=90.0, app_retries=np.array([0, 2, 10]), attempts=3),
        "a small authority": dict(authority_capacity=np.array([0.5, 5.0, np.inf]), phase_spread=0.0, ttl=2.0),
    },
)  # fmt: skip

DISCOVERY_FAILURE = Declared(
    discovery_failure,
    base=dict(instances=12, outage_start=60.0, outage_duration=120.0, churn=20.0, arrival_rate=700.0),
    ranges=dict(
        instances=(1, 24), dt=(0.5, 10.0), churn=(0.0, 30.0), address_reuse=(0.0, 60.0), poll_interval=(1.0, 200.0)
    ),
    ticks=80,
    at_most={
        "answered <= offered": lambda c: (c["goodput"], c["offered_rate"]),
        "the dead of a list <= the list": lambda c: (c.level("listed_dead"), c.level("listed")),
        "the living that are not listed <= all": lambda c: (c.level("unlisted_alive"), c.p.instances),
        "strangers and the living <= all picks": lambda c: (
            c.level("stranger_share") + c.level("valid_share") * (1 - c.level("empty_share")), 1.0,
        ),
    },
    settings={
        "a lost catalogue, a herd": dict(catalogue="lost", clients=6000, admission_rate=[np.inf, 100.0, 301.0],
                                         answer_timeout=[10.0, 10.0, 1.0], cache_life=np.inf),
        "every trigger": dict(trigger=["late", "empty", "deaf"], panic_threshold=0.7, cache_life=600.0),
        "and the rest": dict(
            trigger=["checks", "hosts", "forged"],
            overload="collapse",
            panic_threshold=[0.0, 1.0, 0.5],
            address_reuse=[30.0, 1.0, 0.0],
        ),
        "deployed, frozen": dict(deploy_start=[30.0, 70.0, 200.0], deploy_freeze="on", other_hosts=2, ejection_cap=0.3),
    },
)  # fmt: skip

SPLIT_BRAIN = Declared(
    split_brain,
    base=dict(cut_start=8.0, cut_duration=14.0, election_timeout=3.0, flap_gap=4.0, operator_delay=6.0),
    ranges=dict(dt=(0.25, 1.0)),
    ticks=90,
    at_most={
        "taken and refused <= sent": lambda c: (c["goodput"] + c["refused_rate"], c["offered_rate"]),
        "what is or was apart <= sent": lambda c: (c.level("divergent") + c.level("lost"), c["offered_rate"]),
        "keys written twice <= writes apart": lambda c: (
            c.level("conflicting_keys"), c.level("divergent") + c.level("lost"),
        ),
        "one leader a term and group": lambda c: (c.level("leaders_in_term"), 2.0),
        "leaders <= nodes": lambda c: (c.level("leaders"), c.p.nodes),
    },
    settings={
        "everything at once": dict(trigger=["three_way", "pause", "site"], flaps=[3, 2, 1], third_nodes=2, lease=4.0,
                                   fencing=0.3, storage=["shared", "replicas", "replicas"]),
        "one way": dict(trigger=["deaf", "mute", "mute"], failover=["first", "majority", "manual"], flaps=2),
        "split votes": dict(failover="majority", election_timeout=1.0, message_delay=0.2, nodes=[5, 9, 15],
                            near_nodes=[2, 4, 7], min_acks=["one", "majority", "all"]),
    },
)  # fmt: skip

METASTABLE_FAILURE = Declared(
    metastable_failure,
    base=dict(workers=8, arrival_rate=500.0, trigger_start=10.0, trigger_duration=5.0),
    ranges=dict(arrival_rate=(0.0, 5000.0), worker_rate=(1.0, 1000.0), dt=(0.1, 1.0)),
    at_most={
        "let in <= sent by users": lambda c: (c["admitted_rate"], c["offered_rate"]),
        "answered, lost and waiting <= let in": lambda c: (
            c["goodput"] + c["lost_rate"] + c.level("orbit"), c["admitted_rate"],
        ),
        "served, refused and queued <= attempts": lambda c: (
            c["throughput"] + c["refused_rate"] + c.level("queue"), c["attempt_rate"],
        ),
        "turned away or given up <= sent by users": lambda c: (c.level("dropped"), c["offered_rate"]),
    },
    settings={
        "every lever": dict(
            retry_budget=0.2, degradation=0.5, admitted=Schedule(1.0, ((15.0, 0.0), (25.0, 1.0))), max_retries=6
        ),
        "retries of all kinds": dict(max_retries=np.array([0, 1, 6]), retry_budget=np.array([np.inf, 0.0, 1.5])),
        "a spike, a long queue": dict(trigger="spike", queue_limit=np.inf, deadline=2.0),
        "nothing there": dict(capacity=0.0, trigger_size=0.0),
        "full queues beside endless ones": dict(
            arrival_rate=np.array([900.0, 500.0, 780.0]), queue_limit=np.array([0.5, np.inf, np.inf]),
            deadline=np.array([0.05, 0.3, 1.2]), degradation=np.array([0.0, 0.3, 0.0]),
        ),
    },
)  # fmt: skip

GRAY_FAILURE = Declared(
    gray_failure,
    base=dict(hosts=8, workers=4, fault_start=10.0, fault_duration=30.0, request_rate=40.0, fan_out=10),
    ranges=dict(hosts=(1, 12), replicas=(1, 12), impaired_hosts=(0, 12)),
    ticks=40,
    at_most={
        "answered <= offered": lambda c: (c["goodput"], c["request_rate"]),
        "failed pages are slow pages": lambda c: (
            np.where(c.p.objective <= c.p.timeout, c.level("page_errors"), 0.0), c.level("slow_pages"),
        ),
        "a quantile never falls": lambda c: (c.level("page_p99"), c.level("page_p999")),
        "a page is no faster than its calls": lambda c: (c.level("leaf_p99"), c.level("page_p99")),
        "what a host refuses its callers see": lambda c: (c.level("server_errors"), c.level("client_errors")),
    },
    settings={
        "every defence": dict(hedge_delay=0.02, hedge_budget=0.05, ejection_cap=0.3, check_depth=1.0),
        "a fault of each kind": dict(
            fault=["limping", "lossy", "sinkhole"], balancer="least_outstanding", hedge_delay=[0.03, 0.1, 2.0]
        ),
        "all heavy, hedged and tied": dict(
            fault="heavy", impaired_hosts=8, work_factor=[3.0, 20.0, 4.0], hedge=["hedged", "tied", "tied"],
            hedge_delay=0.05, hedge_budget=[1.0, 1.0, 0.1],
        ),
        "few replicas": dict(replicas=[1, 2, 3], balancer=["least_outstanding", "two_choices", "round_robin"],
                             fault="sinkhole", impaired_hosts=[1, 7, 8], ejection_cap=1.0, ejection_rule="absolute"),
        "checks that take all out": dict(check_depth=1.0, impaired_hosts=8, slow_fraction=1.0, slow_time=3.0),
    },
)  # fmt: skip

CASCADING_FAILURE = Declared(
    cascading_failure,
    base=dict(trigger_start=5.0, trigger_duration=10.0),
    ranges=dict(
        arrival_rate=(0.0, 2000.0), gateway_workers=(1, 2000), shop_workers=(1, 2000), stock_workers=(1, 2000),
        database_workers=(1, 200), user_timeout=(0.5, 30.0), gateway_timeout=(0.5, 30.0), shop_timeout=(0.5, 30.0),
        stock_timeout=(0.5, 30.0), feature_timeout=(0.5, 60.0), max_retries=(0, 2),
    ),
    at_most={
        "ended <= asked": lambda c: (c["goodput"] + c["failed_rate"], c["gateway_calls"]),
        "refused are lost": lambda c: (c["shed_rate"], c["failed_rate"]),
        "each worker one call": lambda c: (c.level("gateway_held"), c.p.gateway_workers),
        "a queue <= what came": lambda c: (c.level("database_queue"), c["database_calls"]),
    },
    settings={
        "every defence": dict(
            shed_threshold=0.4, bulkhead=60.0, breaker="on", queue_limit=100.0, feature="optional", max_retries=0
        ),
        "attempts of different number": dict(max_retries=np.array([0, 1, 4]), stock_timeout=np.array([0.5, 2.0, 7.3])),
        "reviews that hang": dict(
            trigger=np.array(["feature", "feature", "database"]), breaker=np.array(["on", "off", "on"]),
            feature=np.array(["required", "optional", "off"]), feature_timeout=np.array([3.0, 30.0, 30.0]),
            feature_share=0.2, bulkhead=25.0,
        ),
        "nothing is served": dict(slowdown=1000.0, queue_limit=np.array([0.0, 5.0, np.inf]), error_share=1.0),
        "a breaker that comes and goes": dict(
            breaker=Schedule("off", ((8.0, "on"), (30.0, "off"))), slowdown=np.array([1.0, 3.0, 9.0])
        ),
        "shedding that comes and goes": dict(shed_threshold=Schedule(1.0, ((8.0, 0.1), (30.0, 1.0)))),
    },
)  # fmt: skip

BAD_ROLLOUT = Declared(
    bad_rollout,
    base=dict(dt=1.0, rollout_start=8.0, bake_time=20.0, look_every=5.0, alarm_delay=6.0, fault_share=0.1,
              gate_ratio=3.0, onset=10.0),
    ranges=dict(dt=(0.5, 10.0), arrival_rate=(0.1, 1e5)),
    at_most={
        "answered <= offered": lambda c: (c["goodput"], c["offered_rate"]),
        "harmed and answered <= offered": lambda c: (c["goodput"] + c["harmed_rate"], c["offered_rate"]),
        "harmed so far is all that was harmed": lambda c: (c.level("harmed"), c["harmed_rate"] + 1e-6),
        "customers hit <= requests harmed": lambda c: (
            c.level("customers_hit") * np.maximum(c.p.customers, 1), c.level("harmed") + 1e-6,
        ),
        "dark customers have dead workers": lambda c: (
            c.level("customers_dark") > 0, np.ceil(c.level("workers_down")),
        ),
    },
    settings={
        "every gate": dict(gate=["threshold", "fixed", "peeking"], metrics=5, false_alarm=0.1),
        "by region": dict(strata="by region", fault_place="region", canary_mix=[0.0, 0.2, 1.0], rollback_time=9.0),
        "what faults need": dict(fault=["load", "leak", "latent"], push_time=[0.0, 30.0, 200.0], gate="none"),
        "both versions": dict(fault="skew", push_time=[0.0, 30.0, 200.0], cells=[1, 1, 4], rollback_time=5.0),
        "in cells": dict(cells=[1, 7, 1000], fault="load", canary_share=0.3, gate="none"),
        "shards": dict(sharding=["all", "cells", "shuffle"], poison_rate=0.3, poison_start=5.0, poison_duration=20.0,
                       restart_time=4.0, tries=[1, 2, 5], shard_size=[4, 16, 3], workers=[12, 20, 2]),
        "an incident elsewhere": dict(baseline=Schedule(0.001, ((20.0, 0.2), (30.0, 0.0))), gate="threshold"),
    },
)  # fmt: skip

REPEAT_INCIDENT = Declared(
    repeat_incident,
    base=dict(causes=5, review_every=2 * repeat_incident.WEEK),
    ranges=dict(causes=(1, 12), dt=(repeat_incident.DAY, repeat_incident.WEEK), incident_rate=(0.0, 300.0),
                dispersion=(1, 64)),
    ticks=60,
    at_most={
        "answered <= offered": lambda c: (c["goodput"], c["offered_rate"]),
        "repeats <= incidents": lambda c: (c.level("repeats"), c.level("incidents")),
        "items taken on and not finished <= open": lambda c: (c.level("waiting_items"), c.level("open_items")),
        "finished <= written, and those from before": lambda c: (c.level("finished"), c.level("written") + c.p.causes),
        "causes <= all": lambda c: (c.level("causes_there"), c.p.causes),
    },
    settings={
        "all is reviewed": dict(near_misses="seen", small_reviewed=1.0, known=0.5, new_causes=500.0),
        "what items are for": dict(aim=["prevent", "detect", "mitigate"], completion=1.0, fix_time=repeat_incident.DAY,
                                   muted=Schedule(0.0, ((20 * repeat_incident.WEEK, 0.5),))),
        "verified, few hands": dict(verified="on", effectiveness=0.3, capacity=[0.0, 2.0, 1e6], items_each=[1, 8, 50]),
        "one rule, nobody tells": dict(alerts="fast", report_share=1e-9, usual_errors=[0.0, 1.0, 0.001], restless=0.0),
        "luck": dict(dispersion=[1, 64, np.inf], skew=[0.0, 1.0, 3.0], incident_rate=300.0),
    },
)  # fmt: skip

RETRY_CHAIN = Declared(
    retry_chain,
    base=dict(errors_start=2.0, errors_duration=3.0, max_retries=1),
    ranges=dict(max_retries=(0, 2), dt=(0.05, 0.5)),
    ticks=60,
    at_most={
        "answered and failed <= offered": lambda c: (c["goodput"] + c["failed_rate"], c["offered_rate"]),
        "a queue <= its limit": lambda c: (c.level("queue_depth"), c.p.queue_limit),
        "tokens <= the bucket": lambda c: (c.level("tokens"), c.p.budget_burst),
        "first attempts <= calls below": lambda c: (c["gateway_rate"], c["orders_rate"]),
    },
    settings={"every defence": dict(backoff="full_jitter", budget="first_attempts", breaker="on", max_retries=3)},
)

STAMPEDE_DRILL = Declared(
    stampede_drill,
    base=dict(arrival_rate=40.0, ttl=4.0),
    ranges=dict(arrival_rate=(0.01, 200.0), dt=(0.05, 0.25), recompute_time=(0.25, 60.0)),
    at_most={
        "answered <= asked": lambda c: (c["fresh_rate"] + c["stale_rate"], c["request_rate"]),
        "who waits <= who asks": lambda c: (c.level("crowd"), c["request_rate"]),
    },
    settings={
        "two recompute times": dict(
            recompute_time=np.array([0.3, 0.7, 1.0]), coalescing=np.array(["none", "fleet", "none"])
        ),
        "locked, crashed": dict(coalescing="fleet", crash_time=np.array([np.inf, 0.0, 5.0]), beta=0.5),
    },
)

REPLICA_FLEET = Declared(
    replica_fleet,
    base=dict(trigger_start=10.0, trigger_duration=30.0, patience=4.0, restart_time=8.0),
    ranges=dict(replicas=(1, 12), lost=(0, 12), restart_batch=(1, 12), restart_time=(1.0, 60.0), patience=(1.0, 30.0)),
    at_most={
        "answered <= offered": lambda c: (c["goodput"], c["offered_rate"]),
        "refused and answered <= offered": lambda c: (c["goodput"] + c["refused_rate"], c["offered_rate"]),
        "the warm <= the living": lambda c: (c.level("warm_replicas"), c.level("survivors")),
        "the living <= all": lambda c: (c.level("survivors"), c.p.replicas),
    },
    settings={
        "nobody there": dict(replicas=1, lost=1),
        "limited": dict(limit=np.array([0.5, 1.0, np.inf]), slow_start="on", restart_batch=np.array([1, 3, 1000])),
        "a bundle": dict(replicas=12, capacity_spread=1.0, utilisation=0.4, restart_time=1e5),
    },
)

MODELS = {
    declared.module.__name__.rpartition(".")[2]: declared
    for declared in (
        RETRY_STORM,
        CACHE_STAMPEDE,
        HOT_PARTITION,
        QUEUE_OVERLOAD,
        DNS_OUTAGE,
        DISCOVERY_FAILURE,
        SPLIT_BRAIN,
        METASTABLE_FAILURE,
        GRAY_FAILURE,
        CASCADING_FAILURE,
        BAD_ROLLOUT,
        REPEAT_INCIDENT,
        RETRY_CHAIN,
        STAMPEDE_DRILL,
        REPLICA_FLEET,
    )
}
