package dev.lockstep.spec.model;

import java.time.ZoneId;

/**
 * When a service runs that is a job: not always, but at points in time.
 *
 * @param zone whose clocks {@code cron} means
 */
public record Schedule(CronExpression cron, ZoneId zone) {}
