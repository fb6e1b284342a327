using Spectre.Console.Rendering;

namespace Orleans.Tbptt.Client.Views;

/// <summary>
/// A screen that leaves the terminal's last columns free and erases them. The terminal writes the keys that a user presses behind the
/// last line, such as <c>^C</c>: in a full line they would take another row, and every later screen would be drawn one row too low.
/// </summary>
/// <param name="screen">What to draw.</param>
internal sealed class LiveFrame(IRenderable screen) : IRenderable
{
    /// <summary>The columns that are left free.</summary>
    public const int Margin = 4;

    private const string EraseToTheEnd = "\u001b[K";

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => screen.Measure(options, Room(maxWidth));

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var lines = Segment.SplitLines(screen.Render(options, Room(maxWidth)));
        for (int line = 0; line < lines.Count; line++)
        {
            foreach (var segment in lines[line])
                yield return segment;
            yield return Segment.Control(EraseToTheEnd);
            if (line < lines.Count - 1)
                yield return Segment.LineBreak;
        }
    }

    /// <summary>The columns to draw in.</summary>
    public static int Room(int width) => Math.Max(1, width - Margin);
}
