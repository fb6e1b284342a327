using Microsoft.AspNetCore.Html;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>The keyboard shortcuts, which a script executes. A control names its key in <c>data-key</c>.</summary>
internal static class Shortcuts
{
    private static readonly (string Keys, string Does)[] All =
    [
        ("?", "show or hide this list"), ("g r", "list of runs"), ("g c", "compare"), ("g m", "models"), ("g k", "cluster"),
        ("/", "search the list of runs"), ("j", "next run or model of the list"), ("k", "previous run or model of the list"),
        ("s", "select the run"), ("x", "compare the selected runs"),
        ("n", "next page of the list"), ("b", "previous page of the list"), ("l", "logarithmic or linear axis"),
        ("0", "reset the view of charts"),
        ("e", "edit tags and notes of a run"), ("p", "pause or resume a run"), ("Esc", "leave a field, close this list"),
    ];

    /// <summary>The control that shows the list; hidden unless a script runs.</summary>
    public static IHtmlContent Opener { get; } = Html.Of(
        $"""<button type="button" class="button shortcuts" data-shortcuts hidden aria-haspopup="dialog">Shortcuts <kbd>?</kbd></button>""");

    /// <summary>The list.</summary>
    public static IHtmlContent Dialog { get; } = Html.Of($"""
        <dialog id="shortcuts" aria-labelledby="shortcuts-title"><h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <table><thead class="hidden"><tr><th scope="col">Keys</th><th scope="col">Action</th></tr></thead><tbody>{Html.Each(All, one => $"""<tr><th scope="row">{Html.Each(one.Keys.Split(' '), key => $"<kbd>{key}</kbd> ")}</th><td>{one.Does}</td></tr>""")}</tbody></table>
        <form method="dialog"><button class="button">Close</button></form></dialog>
        """);
}
