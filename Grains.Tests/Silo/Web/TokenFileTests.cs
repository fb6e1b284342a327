using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web;

public sealed class TokenFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Token_IsWhatTheFileHolds_WithoutTheSpaceAroundIt()
    {
        var web = Exposed(Write("let-me-see\n"));

        web.Validate();

        Assert.Equal("let-me-see", web.Token);
    }

    [Fact]
    public void Settings_RefuseAFile_ThatDoesNotExist() =>
        AssertRefused(Exposed(_directory.File("none")), "TokenFile: cannot read", "none");

    [Fact]
    public void Settings_RefuseAFile_ThatHoldsNoToken() => AssertRefused(Exposed(Write(" \n")), "found an empty token");

    [Fact]
    public void Settings_RefuseAFile_TogetherWithAToken()
    {
        var web = Exposed(Write("let-me-see"));
        web.Token = "let-me-see";

        AssertRefused(web, "TokenFile", "expected one of them");
    }

    public void Dispose() => _directory.Dispose();

    private static WebSettings Exposed(string file) => new() { Http = "0.0.0.0:8080", TokenFile = file };

    private static void AssertRefused(WebSettings web, params string[] said)
    {
        var exception = Assert.Throws<SiloStartException>(web.Validate);

        Assert.Equal(SiloExitCode.WrongConfiguration, exception.ExitCode);
        Assert.All(said, words => Assert.Contains(words, exception.Message, StringComparison.Ordinal));
    }

    private string Write(string text)
    {
        string file = _directory.File("token");
        File.WriteAllText(file, text);
        return file;
    }
}
