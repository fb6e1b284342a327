namespace Orleans.Tbptt.Training.Replay;

/// <summary>A state of a run cannot be computed again: says what was found, what was expected, and what to do.</summary>
/// <param name="message">The message.</param>
/// <param name="cause">What it comes from.</param>
public sealed class ReplayException(string message, Exception? cause = null) : Exception(message, cause);
