namespace Orleans.Tbptt.Data.Files;

/// <summary>A part of a file that others append to.</summary>
/// <param name="From">Its first byte, where a row begins.</param>
/// <param name="End">The byte behind it.</param>
/// <param name="LinesBefore">Lines that end before it, for messages.</param>
internal readonly record struct FilePart(long From, long End, long LinesBefore = 0);
