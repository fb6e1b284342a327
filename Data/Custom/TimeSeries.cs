namespace Orleans.Tbptt.Data.Custom;

/// <summary>One independent sequence in memory.</summary>
/// <param name="Inputs">The inputs of each time step, <c>[time][feature]</c>; at least one time step.</param>
/// <param name="Targets">The targets of each time step, <c>[time][output]</c>; as many time steps.</param>
public sealed record TimeSeries(float[][] Inputs, float[][] Targets);
