using Microsoft.Playwright;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Tbptt.Tests.Silo.Web.Browser;

/// <summary>A run is watched while its silos die.</summary>
[Collection(Processes.Name)]
public sealed class RecoveryPageTests(Chromium browser) : IClassFixture<Chromium>
{
    private const int Trainers = 3;

    [Fact(Timeout = 180_000)]
    public async Task Strip_ShowsThatASiloWasKilled_AndThePageThatItsOwnWas()
    {
        await using var window = await browser.OpenAsync();
        await using var silos = await WebSilos.StartAsync(3, null, "--slots", "1");
        var run = await silos.SubmitAsync(TestSpecs.Average(trainers: Trainers, epochs: 1_000_000, validationFraction: 0.2));
        var (seen, coordinator) = await PlacedAsync(silos, run);
        // Neither the coordinator's silo nor, where that is another one, the one that serves the page.
        int watched = coordinator;
        int victim = Enumerable.Range(0, 3).First(silo => silo != coordinator);
        int struck = seen.Single(trainer => trainer.Silo.StartsWith($"silo-{victim + 1} ", StringComparison.Ordinal)).Index;
        var page = window.Page;
        await page.GotoAsync($"{silos.Pages[watched]}runs/{run}");
        var row = page.Locator(".strip-row").Nth(struck);
        await Expect(row.Locator("path.compute")).ToHaveCountAsync(1);
        await Expect(page.Locator("[data-live=strip] .legend")).ToContainTextAsync($"silo-{victim + 1}");

        silos.Silos[victim].Kill();

        await Expect(row.Locator("path.recovery")).ToHaveCountAsync(1);
        await window.KeepPictureAsync("run-recovering");
        await Expect(page.Locator("[data-live=trouble]")).ToContainTextAsync($"Trainer {struck} was lost");
        await Expect(row.Locator("svg"))
            .ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex($"on silo-{victim + 1}, then silo-"));
        await Expect(page.Locator("[data-live=trainers] tbody tr").Nth(struck)).Not.ToContainTextAsync($"silo-{victim + 1} ");
        await window.KeepPictureAsync("run-recovered");
        window.AssertClean();

        silos.Silos[watched].Kill();

        await Expect(page.Locator("#line")).ToContainTextAsync("Stale since");
        await Expect(page.Locator("body")).ToHaveClassAsync("stale");
        int left = 3 - watched - victim;
        await page.GotoAsync($"{silos.Pages[left]}runs/{run}");
        await Expect(page.Locator("[data-live=trouble]")).ToContainTextAsync("took the run over");
        await Expect(page.Locator("[data-run]")).ToHaveAttributeAsync("data-state", "running");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(page.Locator(".badge").First).ToHaveTextAsync("stopped");
    }

    private static async Task<(IReadOnlyList<TrainerStatus> Trainers, int Coordinator)> PlacedAsync(WebSilos silos, RunId run)
    {
        var status =
            await Wait.For<RunStatus>("a trainer on each silo", async () => await silos.Coordinator(run).GetStatus() is { Step: > 0 } now
            && now.Trainers.Select(trainer => trainer.Silo).Distinct().Count() == Trainers ? now : null);
        var report = await silos.Grains.GetGrain<ICatalogGrain>(0).Describe();
        return (status.Trainers, report.Silos.ToList().FindIndex(silo => silo.Coordinators.Contains(run)));
    }
}
