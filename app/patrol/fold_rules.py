"""The thresholds of the fold: flat numbers, so that the rule book can feed them by area and date."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoldRules:
    """Every threshold with its unit in its name, its default, and where the default comes from."""

    online_gap_s: int = 300  # requirements A.6 Q3 and Q6: "gap <= 5 min"
    grid_buffer_m: int = 50  # A.6 Q6: grids are drawn along street centres, phones err by a house's width
    max_accuracy_m: int = 50  # A.6 Q7: worse fixes say nothing about a walk of 3 km
    foot_cap_mps: float = 15 / 3.6  # A.6 Q7: 15 km/h
    ebike_cap_mps: float = 35 / 3.6  # GB 17761 limits e-bikes to 25 km/h; slopes and noise need a margin
    boat_cap_mps: float = 30 * 1852 / 3600  # 30 knots: patrol boats and ferries between the islands
    unknown_accuracy_m: int = 25  # a fix without accuracy: twice a usual phone's, so it anchors less
    visit_max_s: int = 10_800  # three hours at one door: what is longer was left open on the handheld
    submission_max_s: int = 3_600  # the longest ready form takes half an hour
    # Jumps
    jump_mps: float = 42.0  # 150 km/h: no road or ferry of a county is faster
    leap_slack_accuracies: float = 1.5  # both ends of a leap may err by this many of their 68 % radii
    leap_return_mps: float = 5.0  # back within reach of a runner: the leap was the receiver's
    leap_confirm_fixes: int = 3  # a new place counts once three fixes agree on it ...
    leap_confirm_s: int = 60  # ... over a minute: reflections rarely hold that long
    leap_lookahead_fixes: int = 600  # ten minutes at 1 Hz
    spike_min_m: float = 40.0  # smaller throws are noise and are smoothed away
    spike_accuracies: float = 5.0  # and so is what the claimed accuracy explains
    spike_cap_share: float = 0.6  # a brisk walker turning back at a corner stays below 60 % of 15 km/h
    spike_return_share: float = 0.7  # out and back: the neighbours lie closer than 70 % of the throw
    # Vehicles
    speed_window_s: int = 30  # 8 m of correlated noise reads as 0.25 m/s over half a minute
    vehicle_min_s: int = 15  # above the cap over a whole speed window, for this long: no sprint
    vehicle_linger_mps: float = 2.2  # 8 km/h: beyond a fast walk, so still the ride braking or starting
    vehicle_bridge_s: int = 180  # a bus at its stop, a slow block and the next red light
    # Noise: what to expect of an error, whatever the phone claims
    noise_floor_m: float = 8.0  # slow error among houses; phones that claim 4 m have it too
    noise_ceiling_m: float = 15.0  # beyond this a tolerance would swallow whole streets
    # Smoothing
    smooth_s: float = 40.0  # slow walkers at 1 Hz are overstated by 22 % without it
    smooth_m: float = 28.0  # corners suffer beyond; riders cover this in a few seconds
    smooth_sampling_share: float = 2.0  # fixes t seconds apart cut corners like a mean over 2 t
    knot_s: int = 5  # finer knots add time, not truth
    # Stays
    stay_min_s: int = 120  # design section 5
    rest_core_s: int = 40  # so long the test must hold; its windows reach a minute beyond on both sides
    rest_net_accuracies: float = 3.3  # two minutes apart, noise alone stays within this 99 times in 100
    rest_scatter_accuracies: float = 2.2  # the same for the scatter within two minutes
    rest_radius_accuracies: float = 2.0  # a stop takes in what lies this close around its core
    stay_shift_accuracies: float = 3.5  # two stops closer than this are one ...
    stay_leave_accuracies: float = 5.0  # ... if nothing between them went further: noise never does
    stay_tail_accuracies: float = 3.0  # a minute before or after a stop within this belongs to it
    still_accuracies: float = 2.0  # a fragment within this went nowhere
    # Anchors
    anchor_accuracies: float = 1.8  # a bend that accuracy does not explain
    return_accuracies: float = 2.6  # a way back on the same street; noise reaches further along the way
    corner_min_sine: float = 0.3  # flatter bends (17 degrees) have no corner to give back
    corner_sharpening: float = 0.9  # between cutting corners (0) and pointing every curve (1)
    return_max_cosine: float = -0.85  # sharper turns (148 degrees) go out and back: the lines hardly meet
    cut_leg_share: float = 0.3  # and no corner gains more than this share of its shorter leg
    unseen_min_sine: float = 0.5  # 30 degrees: a turn that noise of two fixes does not make
    unseen_pace_share: float = 1.2  # an unseen corner must be within reach at the pace of its legs
    distance_error_share: float = 0.04  # measured by `bench truth`: nine walks in ten lie within it
