using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>
/// The tags and notes of a run, and the form that writes them. They are not updated while the page is open: somebody may be typing.
/// </summary>
internal static class NotesCard
{
    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunId run, RunNotes notes, WebToken token) => Html.Of($"""
        <section class="card" aria-labelledby="notes-title"><h2 id="notes-title">Tags and notes</h2>
        {Html.If(notes.Tags.Count > 0, () => $"<p>{Words.Tags(notes.Tags)}</p>")}{Html.If(notes.Text.Length > 0, () => $"""<p class="notes">{notes.Text}</p>""")}
        <details id="edit-notes"><summary data-key="e">Edit</summary><form class="notes-form" method="post" action="/runs/{run}/notes"><input type="hidden" name="{SameSite.Field}" value="{token.Seal}"><input type="hidden" name="revision" value="{notes.Revision}">
        <label>Tags, separated by spaces <input name="tags" value="{string.Join(' ', notes.Tags)}"></label>
        <label>Notes <textarea name="text" rows="4" maxlength="{RunNotes.MostText}">{notes.Text}</textarea></label>
        <button class="button">Save</button></form></details></section>
        """);
}
