using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>The seal of the forms on a page.</summary>
internal static partial class PageSeal
{
    public static string Of(string page) => Seal().Match(page).Groups[1].Value;

    [GeneratedRegex("name=\"seal\" value=\"([0-9a-f]+)\"")]
    private static partial Regex Seal();
}
