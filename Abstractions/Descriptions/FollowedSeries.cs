namespace Orleans.Tbptt.Descriptions;

/// <summary>A series of a file that a run follows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Steps">Time steps from its first row on, up to the end of the last chunk that a step is made of.</param>
public sealed record FollowedSeries(string Name, long Steps);
